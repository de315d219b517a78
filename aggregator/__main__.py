"""`aggregator` and `python -m aggregator`.

Parser processes import the main module anew (multiprocessing's spawn), so nothing is imported here
before it is needed: a worker starts in a tenth of the time.
"""


def main() -> None:
    """Run the command line."""
    from aggregator.hosts.cli import app

    app()


if __name__ == "__main__":
    main()
