package main

// An image that holds nothing but this program has no certificate authorities. These
// are used only where the system has none of its own.
import _ "golang.org/x/crypto/x509roots/fallback"
