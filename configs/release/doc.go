// Command release makes everything that a release consists of, from one checkout:
// archives for three systems on two processors, Debian and RPM packages, the chart,
// a list of what is inside, and checksums.
//
// Equal sources, version and SOURCE_DATE_EPOCH give equal bytes, wherever the
// checkout lies: whoever doubts a download can make it again. `make release` calls
// it with the tools that it needs.
package main
