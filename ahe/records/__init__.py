"""Frozen records: what the parts pass to each other and what is written to disk.

Units: seconds, bytes, US dollars, tokens. Times of day are ISO 8601 in UTC.
"""

from ahe.records.changes import *
from ahe.records.conversation import *
from ahe.records.gate import *
from ahe.records.studies import *
from ahe.records.trials import *
