"""Room: the changes of the ledger, as a feed that others follow: LDES over TREE, and Atom.

In: the ledger's numbered changes. Out: pages that never change once they are full, each change with its
licence and credit. It writes nothing, keeps nothing, and tells nothing of what the ledger forgot.
"""

from harvester.feed.atom import atom
from harvester.feed.ldes import ACTIVITY, Feed, page_lines, root_lines, section_lines
from harvester.feed.timeline import Timeline
from harvester.feed.versions import Version, versions
from harvester.feed.views import PAGE, SECTION, View, view

__all__ = [
    "ACTIVITY",
    "PAGE",
    "SECTION",
    "Feed",
    "Timeline",
    "Version",
    "View",
    "atom",
    "page_lines",
    "root_lines",
    "section_lines",
    "versions",
    "view",
]
