{{/* Name of the chart. */}}
{{- define "tracktik-sync.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Name of the release's resources. A CronJob's name has 52 characters at most, as the controller adds to it. */}}
{{- define "tracktik-sync.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains (include "tracktik-sync.name" .) .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "tracktik-sync.name" .) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "tracktik-sync.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "tracktik-sync.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "tracktik-sync.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tracktik-sync.selector" -}}
app.kubernetes.io/name: {{ include "tracktik-sync.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tracktik-sync.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "tracktik-sync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* Labels of one connection's things; "component" says which. */}}
{{- define "tracktik-sync.partSelector" -}}
{{ include "tracktik-sync.selector" .root }}
app.kubernetes.io/component: {{ .component }}
{{- with .c.name }}
tracktik-sync/connection: {{ . }}
{{- end }}
{{- end }}

{{- define "tracktik-sync.partLabels" -}}
{{ include "tracktik-sync.labels" .root }}
app.kubernetes.io/component: {{ .component }}
{{- with .c.name }}
tracktik-sync/connection: {{ . }}
{{- end }}
{{- end }}

{{/* Seconds of a span such as 1h30m or 2d, rounded up. */}}
{{- define "tracktik-sync.seconds" -}}
{{- $seconds := 0.0 }}
{{- $units := dict "w" 604800.0 "d" 86400.0 "h" 3600.0 "m" 60.0 "s" 1.0 "ms" 0.001 "us" 0.000001 "µs" 0.000001 "ns" 0.000000001 }}
{{- range regexFindAll "[0-9.]+(w|d|h|ms|m|s|us|µs|ns)" (toString .) -1 }}
{{- $unit := regexFind "[a-zµ]+$" . }}
{{- $seconds = addf $seconds (mulf (trimSuffix $unit . | float64) (get $units $unit)) }}
{{- end }}
{{- ceil $seconds | int64 }}
{{- end }}
