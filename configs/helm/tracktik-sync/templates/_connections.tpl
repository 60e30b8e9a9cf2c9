{{/*
The connections of the release, each a dict of the values with its own over them:
sets "list" in the dict that it gets, which holds "root". Without `connections` there
is one, without a name.
*/}}
{{- define "tracktik-sync.connections" -}}
{{- $root := .root }}
{{- $list := list }}
{{- $names := dict }}
{{- range $root.Values.connections | default (list (dict "name" "")) }}
{{- $base := deepCopy (omit $root.Values "connections") }}
{{- /* Whoever names a source of secrets means it in the place of the one above. */}}
{{- if or .existingSecret .secrets (dig "data" nil (.externalSecret | default dict)) }}
{{- if not .existingSecret }}{{ $_ := set $base "existingSecret" "" }}{{ end }}
{{- if not .secrets }}{{ $_ := set $base "secrets" dict }}{{ end }}
{{- if not (dig "data" nil (.externalSecret | default dict)) }}{{ $_ := set $base.externalSecret "data" dict }}{{ end }}
{{- end }}
{{- $c := mergeOverwrite $base (deepCopy .) }}
{{- $full := include "tracktik-sync.fullname" $root }}
{{- if .name }}
{{- if hasKey $names .name }}
{{- fail (printf "connections: two are named %q; each needs a name of its own" .name) }}
{{- end }}
{{- $_ := set $names .name true }}
{{- $full = printf "%s-%s" ($full | trunc (sub 51 (len .name) | int) | trimSuffix "-") .name }}
{{- end }}
{{- $_ := set $c "fullname" $full }}
{{- include "tracktik-sync.secretOf" $c }}
{{- include "tracktik-sync.configOf" $c }}
{{- $list = append $list $c }}
{{- end }}
{{- include "tracktik-sync.refuse" $list }}
{{- $_ := set . "list" $list }}
{{- end }}

{{/* Which Secret a connection has ("secretName") and what is in it ("secretPaths"). */}}
{{- define "tracktik-sync.secretOf" -}}
{{- $sources := list }}
{{- $paths := list }}
{{- $name := printf "%s-secrets" .fullname }}
{{- if .secrets }}
{{- $sources = append $sources "secrets" }}
{{- $paths = keys .secrets | sortAlpha }}
{{- end }}
{{- if .existingSecret }}
{{- $sources = append $sources "existingSecret" }}
{{- $paths = .secretKeys }}
{{- $name = .existingSecret }}
{{- end }}
{{- if .externalSecret.data }}
{{- $sources = append $sources "externalSecret.data" }}
{{- $paths = keys .externalSecret.data | sortAlpha }}
{{- if not .externalSecret.secretStoreRef }}
{{- fail "externalSecret.secretStoreRef is missing: it names the store that externalSecret.data is read from" }}
{{- end }}
{{- end }}
{{- if gt (len $sources) 1 }}
{{- fail (printf "%s are given together; one of them says where the secrets are" (join " and " $sources)) }}
{{- end }}
{{- $_ := set . "secretName" (ternary $name "" (gt (len $sources) 0)) }}
{{- $_ := set . "secretPaths" $paths }}
{{- end }}

{{/* Completes config: where the snapshot and the secrets are, unless it says so itself. */}}
{{- define "tracktik-sync.configOf" -}}
{{- $config := .config }}
{{- if not (dig "state" "path" "" $config) }}
{{- $state := $config.state | default dict }}
{{- $_ := set $state "path" "/var/lib/tracktik-sync/data/tracktik-sync.db" }}
{{- $_ := set $config "state" $state }}
{{- end }}
{{- range $path := .secretPaths }}
{{- $at := $config }}
{{- $parts := splitList "." $path }}
{{- range initial $parts }}
{{- if not (get $at .) }}{{ $_ := set $at . dict }}{{ end }}
{{- $at = get $at . }}
{{- end }}
{{- $key := printf "%s_file" (last $parts) }}
{{- if not (get $at $key) }}{{ $_ := set $at $key $path }}{{ end }}
{{- end }}
{{- end }}

{{/* What must not be installed, with the reason. */}}
{{- define "tracktik-sync.refuse" -}}
{{- $portals := dict }}
{{- $places := dict }}
{{- range $c := . }}
{{- $who := $c.name | default "the release" }}
{{- range $key := list "okta.org_url" "okta.app_id" "tracktik.base_url" }}
{{- $parts := splitList "." $key }}
{{- if not (dig (first $parts) (last $parts) "" $c.config) }}
{{- fail (printf "config.%s of %s is missing" $key $who) }}
{{- end }}
{{- end }}
{{- range $key := list "okta.auth.api_token" "okta.auth.private_key" "tracktik.auth.client_secret" "tracktik.auth.password" "tracktik.auth.refresh_token" "state.key" "notify.webhook.url" "notify.email.password" "notify.ping.start" "notify.ping.success" "notify.ping.failure" "metrics.pushgateway" }}
{{- $at := $c.config }}
{{- range splitList "." $key }}{{ $at = get ($at | default dict) . }}{{ end }}
{{- if $at }}
{{- fail (printf "config.%s of %s is a secret, and everybody who may read ConfigMaps would see it; put it under secrets, existingSecret or externalSecret, by the key %s" $key $who $key) }}
{{- end }}
{{- end }}
{{- $portal := dig "tracktik" "base_url" "" $c.config | trim | trimAll "/" | lower | trimSuffix ":443" }}
{{- with get $portals $portal }}
{{- fail (printf "connections %s and %s have one config.tracktik.base_url, %s; one portal, one connection: two would undo each other's work" . $who $portal) }}
{{- end }}
{{- $_ := set $portals $portal $who }}
{{- with $c.persistence.existingClaim }}
{{- $place := printf "%s %s %s" . $c.persistence.subPath $c.config.state.path }}
{{- with get $places $place }}
{{- fail (printf "connections %s and %s have one snapshot: the same persistence.existingClaim, subPath and config.state.path" . $who) }}
{{- end }}
{{- $_ := set $places $place $who }}
{{- end }}
{{- end }}
{{- end }}
