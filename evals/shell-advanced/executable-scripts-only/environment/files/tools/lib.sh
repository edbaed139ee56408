# sourced by the other scripts
log() { echo "$1"; }
