"""Room: what is published, as files to take away: one set per source, one per licence.

In: the ledger. Out: packed files under `store/dumps/`, each set whole or not there, with what it holds, its
checksums and its figures. It never publishes, and shows no set made before the ledger forgot something.
"""

from harvester.dumps.files import File
from harvester.dumps.forms import Form, forms
from harvester.dumps.keeper import Keeper
from harvester.dumps.making import due, export, make
from harvester.dumps.stock import Bundle, bundle, bundles

__all__ = ["Bundle", "File", "Form", "Keeper", "bundle", "bundles", "due", "export", "forms", "make"]
