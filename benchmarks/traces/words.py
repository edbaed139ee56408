"""Pools of names."""

from __future__ import annotations

from benchmarks.traces.chance import Chance


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _names(
    "ledger invoice sensor catalog payroll shipment ticket roster harvest meter voucher parcel tariff fleet "
    "survey budget archive journal station pipeline beacon courier depot engine forecast garden ingest kernel "
    "locator mailer notary orchard planner quota registry signal tracker uplink vault warehouse exporter"
)
VERBS = _names(
    "repair export migrate refresh merge convert package deploy index restore publish audit import resize "
    "schedule compile translate aggregate reconcile validate"
)
STEMS = _names(
    "parser loader writer models views routes schema client server session token cache queue worker utils "
    "helpers config settings report summary matrix vector graph router store index batch stream window filter "
    "mapper reader codec digest ledger totals rates units dates geo images mail jobs hooks auth"
)
PARTS = _names(
    "record cell total row user order item price count offset key value label chunk frame node edge result "
    "payload header field bucket page state event group"
)
PYTHON_PACKAGES = _names(
    "numpy pandas requests urllib3 certifi idna click jinja2 markupsafe werkzeug flask sqlalchemy greenlet attrs "
    "pluggy iniconfig packaging pyyaml pillow lxml cryptography cffi pycparser scipy matplotlib fonttools "
    "kiwisolver python-dateutil pytz six tqdm httpx anyio sniffio h11 pydantic typing-extensions rich"
)
NODE_PACKAGES = _names(
    "lodash express react react-dom webpack rollup chalk commander yargs glob rimraf minimatch semver ws uuid "
    "axios body-parser cookie debug mime qs send vite postcss autoprefixer eslint prettier typescript"
)
CRATES = _names(
    "serde serde_json tokio hyper bytes libc cfg-if memchr regex aho-corasick syn quote proc-macro2 rand clap "
    "anyhow thiserror tracing once_cell itoa ryu futures-core pin-project-lite mio socket2 indexmap"
)
GO_MODULES = _names(
    "github.com/spf13/cobra github.com/spf13/pflag github.com/gorilla/mux github.com/stretchr/testify "
    "github.com/pkg/errors github.com/google/uuid github.com/lib/pq github.com/mattn/go-sqlite3 "
    "github.com/fsnotify/fsnotify github.com/rs/zerolog github.com/sirupsen/logrus github.com/jackc/pgx"
)
MAVEN = _names(
    "commons-lang3 guava slf4j-api logback-classic jackson-core jackson-databind junit-jupiter mockito-core "
    "netty-all spring-core spring-web hibernate-core assertj-core commons-io"
)
DEBIAN = _names(
    "libssl-dev libxml2-dev zlib1g-dev build-essential cmake pkg-config libffi-dev libpq-dev sqlite3 jq ripgrep "
    "libjpeg-dev libpng-dev gfortran libopenblas-dev unzip rsync ninja-build libcurl4-openssl-dev"
)
TOOLS = _names("syncd packd renderer tilegen rowcat mkindex fmtool shipper gatherd blobctl mergekit tabler")
LIBRARIES = _names("xslt gdal proj geos hdf5 magic sodium zstd tcmalloc usb pcap yaml archive mpfr cairo")
USERS = _names("agent builder runner www-data deploy svc ci")
HOSTS = _names(
    "repo.internal mirror.lan registry.test api.example.net cdn.example.org db1.local auth.example.net"
)
LANGUAGES = ("python", "node", "go", "rust", "java", "c")
SUFFIX = {"python": "py", "node": "js", "go": "go", "rust": "rs", "java": "java", "c": "c"}
PACKAGES = {
    "python": PYTHON_PACKAGES,
    "node": NODE_PACKAGES,
    "go": GO_MODULES,
    "rust": CRATES,
    "java": MAVEN,
    "c": DEBIAN,
}


def past(verb: str) -> str:
    return verb + ("d" if verb.endswith("e") else "ed")


_STARTS = _names(
    "al bar cor dan el far gol har il jor kel lum mar nor os pel quor ran sil tor ul ven wes yar zan"
)
_MIDDLES = _names("a be di ga ka lo ma ni ora pe ri sa te u vi")
_LINKS = _names("b bl c d dr f g h j k l ll m n nd p r rr s st t tr v z")
_ENDS = _names("bek dar fex gan ith kor lan mir nok path rel sen tan vor wick zen")

_HEADS = [start + middle for start in _STARTS for middle in _MIDDLES]
_TAILS = [link + middle + end for link in _LINKS for middle in _MIDDLES for end in _ENDS]


def coined(chance: Chance) -> str:
    """A name that nobody else has: every real project is full of words that stand nowhere else."""
    return chance.pick(_HEADS) + chance.pick(_TAILS)
