{{/* Name of a connection's claim. */}}
{{- define "tracktik-sync.claim" -}}
{{- .persistence.existingClaim | default .fullname }}
{{- end }}

{{/*
Where commands are given: in the console, which stays up when there is no snapshot or
the configuration is wrong. Where it is switched off a daemon's own pod may do.
*/}}
{{- define "tracktik-sync.console" -}}
{{- .fullname }}{{ if or .console.enabled (ne .mode "daemon") }}-console{{ end }}
{{- end }}

{{/* "true" where a second CronJob reads Okta's System Log between the runs. */}}
{{- define "tracktik-sync.polls" -}}
{{- and (eq .mode "cronjob") (gt (include "tracktik-sync.seconds" (dig "schedule" "events" "0s" .config) | int64) 0) }}
{{- end }}

{{/* The second CronJob's name: 52 characters at most, and no other connection's. */}}
{{- define "tracktik-sync.eventsName" -}}
{{- if le (len .fullname) 45 }}{{ .fullname }}
{{- else }}{{ .fullname | trunc 38 | trimSuffix "-" }}-{{ .fullname | sha256sum | trunc 6 }}
{{- end }}-events
{{- end }}

{{/* What changes when the configuration or the chart's own Secret does. */}}
{{- define "tracktik-sync.checksum" -}}
{{- printf "%s%s" (toJson .config) (toJson .secrets) | sha256sum }}
{{- end }}

{{/*
A pod template of one connection: "root", "c", "component", "args" and "restartPolicy".
Every pod of the chart is made here, so that all have the same claim, configuration,
secrets and security.
*/}}
{{- define "tracktik-sync.podTemplate" -}}
{{- $c := .c -}}
metadata:
  labels:
    {{- include "tracktik-sync.partLabels" . | nindent 4 }}
    {{- with $c.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: tracktik-sync
    tracktik-sync/checksum: {{ include "tracktik-sync.checksum" $c }}
    {{- with $c.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "tracktik-sync.podSpec" . | nindent 2 }}
{{- end }}

{{- define "tracktik-sync.podSpec" -}}
{{- $root := .root }}
{{- $c := .c -}}
serviceAccountName: {{ include "tracktik-sync.serviceAccountName" $root }}
automountServiceAccountToken: false
enableServiceLinks: false # else Kubernetes' own variables look like configuration keys
restartPolicy: {{ .restartPolicy }}
terminationGracePeriodSeconds: {{ $c.terminationGracePeriodSeconds }}
{{- with $c.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $c.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml $c.podSecurityContext | nindent 2 }}
containers:
  - name: tracktik-sync
    image: {{ include "tracktik-sync.image" $root | quote }}
    imagePullPolicy: {{ $c.image.pullPolicy }}
    args:
      {{- toYaml .args | nindent 6 }}
    env:
      - name: GOMEMLIMIT # the collector works harder before the limit is reached
        valueFrom:
          resourceFieldRef: {containerName: tracktik-sync, resource: limits.memory}
      {{- if $c.secretName }}
      - name: CREDENTIALS_DIRECTORY # where the names of secret files are looked up
        value: /run/secrets/tracktik-sync
      {{- end }}
      {{- if or $c.console.enabled (eq $c.mode "daemon") }}
      - name: TRACKTIK_SYNC_CONSOLE # where the commands that its messages name can be given
        value: {{ $root.Release.Namespace }}/{{ include "tracktik-sync.console" $c }}
      {{- end }}
      {{- if and $c.approve (has .component (list "sync" "daemon")) }}
      - name: TRACKTIK_SYNC_APPROVE
        value: {{ $c.approve | quote }}
      {{- end }}
      {{- with $c.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    securityContext:
      {{- toYaml $c.securityContext | nindent 6 }}
    resources:
      {{- toYaml $c.resources | nindent 6 }}
    volumeMounts:
      - name: config
        mountPath: /etc/tracktik-sync
        readOnly: true
      - name: snapshot
        mountPath: /var/lib/tracktik-sync
        {{- with $c.persistence.subPath }}
        subPath: {{ . }}
        {{- end }}
      - name: tmp
        mountPath: /tmp
      {{- if $c.secretName }}
      - name: secrets
        mountPath: /run/secrets/tracktik-sync
        readOnly: true
      {{- end }}
      {{- with $c.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
volumes:
  - name: config
    configMap:
      name: {{ $c.fullname }}
  - name: snapshot
    persistentVolumeClaim:
      claimName: {{ include "tracktik-sync.claim" $c }}
  - name: tmp # a plan with something pending is made on a copy of the snapshot
    emptyDir: {}
  {{- if $c.secretName }}
  - name: secrets
    secret:
      secretName: {{ $c.secretName }}
      defaultMode: 0440
  {{- end }}
  {{- with $c.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $c.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $c.affinity }}
affinity:
  {{- toYaml $c.affinity | nindent 2 }}
{{- else if eq (include "tracktik-sync.polls" $c) "true" }}
affinity:
  podAffinity: # a volume is mounted by one node, and two CronJobs use it
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "tracktik-sync.selector" $root | nindent 14 }}
              {{- with $c.name }}
              tracktik-sync/connection: {{ . }}
              {{- end }}
{{- end }}
{{- with $c.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
