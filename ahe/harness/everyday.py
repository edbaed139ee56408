"""Words that say nothing about where a text comes from."""

from __future__ import annotations

import builtins
import keyword
from functools import cache

_WORDS = """
0 1 10 100 2 3 4 5 6 7 8 9 a after amd64 an and any app are argv arm64 as asyncio at awk b base64 bash
be been before bin both buffer but by bytes c can cannot cat cd check chmod code collections command
commands content contents correct cp current cut d data decode default dev devnull digest directory
dirname do does done dumps e each echo edit either else empty encode encoding end endswith env error
errors esac eu euo every exactly exec exist exists exit exitcode expected f fail failed false fi file
files find first float64 folder for format from function functools g get give given gives glob grep
group h has hashlib have head here home how html http httperror https i if in input instead int32 int64
into is isdir isfile islink iso8601 it itertools its j join json k keep key keys l last latin1 least len
let lib line lines list long look ls lstrip m made main make may md5 message missing mkdir mode
monotonic more most must mv n name names need never new next no none not nothing now null number o of on
once one only open or order os other out output p parent parse path pathlib paths pipe pipefail popen
print program pwd py python python3 q r re read reads remove request result results return returns rglob
right rm root row rows rstrip run runs s same script sed see seek self sep set sh sha1 sha256 shell
should show shutil so some sort split splitlines sqlite3 start startswith stderr stdin stdout stem step
stop string strip subprocess such suffix sum sure sys t tail tarfile task tee test tests text textwrap
than that the their them then there these they this time timeoutexpired tmp to touch tr true two type u
under uniq until up urllib use used user uses using usr utf utf16 utf8 v value values w was way wc what
when where which while whole will with without word words work write written wrong x x86 xargs y yes you
your z
"""


@cache
def everyday() -> frozenset[str]:
    """Plain English, Python, the shell: in lower case."""
    python = {name.lower() for name in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins))}
    return frozenset({*_WORDS.split(), *python})
