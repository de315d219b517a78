"""Korea Diplomacy Digest: feeds in, tagged stories, one Atom feed, a site and a weekly letter out.

Read `aggregator/pipeline.py` first: it is the whole flow on one page.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("korea-diplomacy-digest")
except PackageNotFoundError:  # a source tree that nobody installed
    __version__ = "0+unknown"
