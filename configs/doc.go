// Package configs reads the configuration of tracktik-sync: one YAML file, the
// environment over it, and the embedded defaults under both.
//
// Most callers need only [Load]. It answers a [Config] of plain values, the
// warnings, and every finding at once, so that nobody repairs a file one error
// at a time. [Config.Show] prints what is in force and where each value came
// from, [Fill] writes a first file, and [Keys] lists every key for the
// documentation.
//
// # Order
//
// A value comes from the environment, else the file, else defaults.yaml. Every
// key has a variable: TRACKTIK_SYNC_ and its path in capitals with `_`. A list is
// comma-separated there, a map or a whole section is YAML and replaces what the
// file says of it. A secret may also be named by a file, `<key>_file`; value and
// file together count as one setting, so a variable with the value beats a file
// name in the file.
//
// # Caveats
//
// The YAML is read strictly, against the fields of [Config], before viper sees
// it: viper folds the case of keys and splits them at dots, and would lose the
// name in `attributes: {jobTitle: …}` or in a role map keyed by "Site 1.2".
//
// A [Secret] prints as "<redacted>" through fmt, JSON, YAML and logs. Findings and
// warnings name keys, files and variables; they never repeat a secret, nor a
// value in a place where one is likely.
package configs
