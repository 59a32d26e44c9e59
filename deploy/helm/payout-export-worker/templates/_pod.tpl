{{- /* The pod, the same in either kind of workload. */ -}}
{{- define "worker.pod" -}}
metadata:
  labels:
    {{- include "worker.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed configuration starts new pods.
    checksum/configuration: {{ include (print .Template.BasePath "/configuration.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "worker.serviceAccount" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
  # Workers use no services of their namespace.
  enableServiceLinks: false
  # Longer than WORKER_SHUTDOWN_TIMEOUT.
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if .Values.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- range .Values.topologySpread.keys }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "worker.selector" $ | nindent 10 }}
    {{- end }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: worker
      image: {{ include "worker.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- if .Values.configuration }}
      args: [run, --config, /etc/payout-export-worker/worker.yaml]
      {{- else }}
      args: [run]
      {{- end }}
      envFrom:
        - configMapRef:
            name: {{ include "worker.name" . }}
      {{- $static := and .Values.staticMembership.enabled (eq .Values.workload.kind "StatefulSet") }}
      {{- $secret := and .Values.secrets.name .Values.secrets.files }}
      {{- if or $static $secret .Values.extraEnv }}
      env:
        {{- if $static }}
        # A static member of the group: a pod that returns with its name within the session time-out gets its partitions
        # back at once, and ends the open transaction of its predecessor.
        - name: WORKER_ID
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- if .Values.secrets.name }}
        {{- range $name, $key := .Values.secrets.files }}
        - name: {{ $name }}_FILE
          value: /run/secrets/payout-export-worker/{{ $key }}
        {{- end }}
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      ports:
        - name: http
          containerPort: 8080
          protocol: TCP
      # Two minutes to start; a worker that waits for brokers is alive.
      startupProbe:
        httpGet:
          path: /livez
          port: http
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 24
      livenessProbe:
        httpGet:
          path: /livez
          port: http
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      readinessProbe:
        httpGet:
          path: /readyz
          port: http
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        {{- include "worker.mounts" . | nindent 8 }}
  volumes:
    {{- include "worker.volumes" . | nindent 4 }}
{{- end -}}

{{- define "worker.mounts" -}}
# The only writable folder besides the file store.
- name: tmp
  mountPath: /tmp
{{- if .Values.secrets.name }}
- name: secrets
  mountPath: /run/secrets/payout-export-worker
  readOnly: true
{{- end }}
{{- if .Values.refreshTokens.enabled }}
- name: refresh-tokens
  mountPath: {{ .Values.refreshTokens.mountPath }}
{{- end }}
{{- if .Values.configuration }}
- name: configuration
  mountPath: /etc/payout-export-worker
  readOnly: true
{{- end }}
{{- if .Values.files.claim }}
- name: files
  mountPath: {{ .Values.files.mountPath }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "worker.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if .Values.secrets.name }}
- name: secrets
  secret:
    secretName: {{ .Values.secrets.name }}
    defaultMode: 0440
{{- end }}
{{- if and .Values.refreshTokens.enabled (ne .Values.workload.kind "StatefulSet") }}
- name: refresh-tokens
  emptyDir:
    sizeLimit: 64Mi
{{- end }}
{{- if .Values.configuration }}
- name: configuration
  configMap:
    name: {{ include "worker.name" . }}-file
{{- end }}
{{- if .Values.files.claim }}
- name: files
  persistentVolumeClaim:
    claimName: {{ .Values.files.claim }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
