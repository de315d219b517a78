"""Korea Diplomacy Digest: feeds in, tagged stories, one Atom feed, a site and a weekly letter out.

Read `aggregator/pipeline.py` first: it is the whole flow on one page.
"""

__version__ = "0.1.0"
