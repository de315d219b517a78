# The embedded product: one process, SQLite in the volume /data.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m venv /opt/aggregator \
    && /opt/aggregator/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE feeds.yaml ./
COPY templates templates
COPY aggregator aggregator
RUN /opt/aggregator/bin/python -m pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --uid 10001 --create-home --home-dir /data aggregator
COPY --from=build /opt/aggregator /opt/aggregator
ENV PATH=/opt/aggregator/bin:$PATH AGGREGATOR_DATA=/data PYTHONUNBUFFERED=1
USER aggregator
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
CMD ["aggregator", "run", "--host", "0.0.0.0", "--port", "8080"]
