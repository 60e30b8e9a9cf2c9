# Reads what `go test -v` prints: a line a package that passed, all of one that did
# not, and why tests were left out, each reason once. With whole=true a test that is
# left out is a failure, unless its reason matches `allowed`; seeds that a fuzz test
# passes over are none.
/^=== / { current = $3; next }
{ lines[++n] = $0 }
/^ +[A-Za-z0-9_]+\.go:[0-9]+: / { said[current] = $0 }
/^ *--- SKIP: / && $3 !~ /^Fuzz/ {
	why = said[$3]
	sub(/^ +[^ ]+ /, "", why)
	if (whole == "true" && (allowed == "" || why !~ allowed)) {
		printf "left out, but must run here: %s: %s\n", $3, why
		bad = 1
	} else {
		left[why]++
	}
}
/^(ok|FAIL|\?) *\t/ {
	if ($1 == "FAIL")
		for (i = 1; i <= n; i++) print lines[i]
	else if ($1 == "ok")
		print
	for (why in left) printf "    %d left out: %s\n", left[why], why
	fflush()
	n = 0
	split("", said)
	split("", left)
}
END {
	for (i = 1; i <= n; i++) print lines[i]
	exit bad
}
