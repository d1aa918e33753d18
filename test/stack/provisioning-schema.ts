import { z } from 'zod';

// From Grafana's documentation, "Provision Grafana" and "Configure the … data source". Undocumented keys fail.

/** A value in which Grafana expands variables: a literal dollar sign is written twice. */
const text = z
  .string()
  .refine((value) => !/\$/.test(value.replaceAll('$$', '')), 'write $$ for a dollar sign');
const duration = z.string().regex(/^\d+(ms|s|m|h|d)$/);

const shared = {
  name: text,
  access: z.literal('proxy'),
  orgId: z.int().optional(),
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  url: z.url(),
  user: text.optional(),
  database: text.optional(),
  basicAuth: z.boolean().optional(),
  basicAuthUser: text.optional(),
  withCredentials: z.boolean().optional(),
  isDefault: z.boolean().optional(),
  version: z.int().optional(),
  editable: z.boolean(),
};

const prometheus = z.strictObject({
  ...shared,
  type: z.literal('prometheus'),
  jsonData: z.strictObject({
    httpMethod: z.enum(['GET', 'POST']),
    timeInterval: duration,
    queryTimeout: duration.optional(),
    manageAlerts: z.boolean().optional(),
    allowAsRecordingRulesTarget: z.boolean().optional(),
    alertmanagerUid: z.string().optional(),
    prometheusType: z.enum(['Prometheus', 'Cortex', 'Mimir', 'Thanos']).optional(),
    prometheusVersion: z.string().optional(),
    cacheLevel: z.enum(['Low', 'Medium', 'High', 'None']).optional(),
    incrementalQuerying: z.boolean().optional(),
    incrementalQueryOverlapWindow: duration.optional(),
    disableRecordingRules: z.boolean().optional(),
    disableMetricsLookup: z.boolean().optional(),
    defaultEditor: z.enum(['code', 'builder']).optional(),
    customQueryParameters: text.optional(),
    exemplarTraceIdDestinations: z
      .array(
        z.strictObject({
          name: z.string(),
          datasourceUid: z.string().optional(),
          url: text.optional(),
          urlDisplayLabel: z.string().optional(),
        }),
      )
      .optional(),
  }),
});

const tags = z.array(z.strictObject({ key: z.string(), value: z.string().optional() })).min(1);
const shift = z.string().regex(/^-?\d+(ms|s|m|h)$/);

const tempo = z.strictObject({
  ...shared,
  type: z.literal('tempo'),
  jsonData: z.strictObject({
    tracesToLogsV2: z.strictObject({
      datasourceUid: z.string(),
      spanStartTimeShift: shift,
      spanEndTimeShift: shift,
      tags,
      filterByTraceID: z.boolean().optional(),
      filterBySpanID: z.boolean().optional(),
      customQuery: z.boolean(),
      query: text,
    }),
    tracesToMetrics: z.strictObject({
      datasourceUid: z.string(),
      spanStartTimeShift: shift,
      spanEndTimeShift: shift,
      tags,
      queries: z.array(z.strictObject({ name: text, query: text })).min(1),
    }),
    serviceMap: z.strictObject({ datasourceUid: z.string() }).optional(),
    nodeGraph: z.strictObject({ enabled: z.boolean() }).optional(),
    streamingEnabled: z.strictObject({ search: z.boolean(), metrics: z.boolean() }).optional(),
  }),
});

const loki = z.strictObject({
  ...shared,
  type: z.literal('loki'),
  jsonData: z.strictObject({
    maxLines: z.int().min(1).max(5000),
    derivedFields: z.array(
      z.strictObject({
        name: text,
        matcherType: z.enum(['label', 'regex']),
        matcherRegex: text,
        url: text,
        datasourceUid: z.string().optional(),
        urlDisplayLabel: text.optional(),
      }),
    ),
  }),
});

const alertmanager = z.strictObject({
  ...shared,
  type: z.literal('alertmanager'),
  jsonData: z.strictObject({
    implementation: z.enum(['prometheus', 'cortex', 'mimir']),
    handleGrafanaManagedAlerts: z.boolean(),
  }),
});

/** A file of `provisioning/datasources`. */
export const datasourcesFile = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.boolean().optional(),
  deleteDatasources: z.array(z.strictObject({ name: z.string(), orgId: z.int() })).optional(),
  datasources: z.array(z.discriminatedUnion('type', [prometheus, alertmanager, tempo, loki])).min(1),
});

/** A file of `provisioning/dashboards`. */
export const dashboardsFile = z.strictObject({
  apiVersion: z.literal(1),
  providers: z
    .array(
      z.strictObject({
        name: text,
        orgId: z.int(),
        folder: text,
        folderUid: z.string().max(40),
        type: z.literal('file'),
        disableDeletion: z.boolean(),
        updateIntervalSeconds: z.int().min(10),
        allowUiUpdates: z.boolean(),
        options: z.strictObject({
          path: z.string().startsWith('/'),
          foldersFromFilesStructure: z.boolean(),
        }),
      }),
    )
    .min(1),
});
