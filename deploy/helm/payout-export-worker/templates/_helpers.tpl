{{- define "worker.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "worker.selector" -}}
app.kubernetes.io/name: payout-export-worker
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "worker.labels" -}}
{{ include "worker.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: payout-export-worker
{{- end -}}

{{- define "worker.serviceAccount" -}}
{{- if .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.name -}}
{{- else if .Values.serviceAccount.create -}}
{{- include "worker.name" . -}}
{{- else -}}
default
{{- end -}}
{{- end -}}

{{- define "worker.image" -}}
{{- .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- /* The name of a topic: the setting, or the worker's default. */ -}}
{{- define "worker.topic.jobs" -}}{{ .Values.settings.KAFKA_TOPICS_JOBS | default "payout.export.jobs" }}{{- end -}}
{{- define "worker.topic.results" -}}{{ .Values.settings.KAFKA_TOPICS_RESULTS | default "payout.export.results" }}{{- end -}}
{{- define "worker.topic.state" -}}{{ .Values.settings.KAFKA_TOPICS_STATE | default "payout.export.state" }}{{- end -}}
{{- define "worker.topic.deadLetter" -}}{{ .Values.settings.KAFKA_TOPICS_DEAD_LETTER | default "payout.export.dead-letter" }}{{- end -}}
{{- define "worker.group" -}}{{ .Values.settings.KAFKA_GROUP_ID | default "payout-export-workers" }}{{- end -}}

{{- /* What the schema cannot say. */ -}}
{{- define "worker.checks" -}}
{{- if and (not .Values.keda.enabled) (gt (int .Values.workload.replicas) (int .Values.topics.partitions)) -}}
{{- fail "workload.replicas is larger than topics.partitions: further workers stay idle" -}}
{{- end -}}
{{- if and .Values.keda.enabled (gt (int .Values.keda.maxReplicas) (int .Values.topics.partitions)) -}}
{{- fail "keda.maxReplicas is larger than topics.partitions: further workers stay idle" -}}
{{- end -}}
{{- if and .Values.keda.enabled (gt (int .Values.keda.minReplicas) (int .Values.keda.maxReplicas)) -}}
{{- fail "keda.minReplicas is larger than keda.maxReplicas" -}}
{{- end -}}
{{- $stop := .Values.settings.WORKER_SHUTDOWN_TIMEOUT | default "25s" -}}
{{- if and (regexMatch "^[0-9]+s$" $stop) (le (int .Values.terminationGracePeriodSeconds) (int (trimSuffix "s" $stop))) -}}
{{- fail "terminationGracePeriodSeconds must be longer than WORKER_SHUTDOWN_TIMEOUT" -}}
{{- end -}}
{{- end -}}
