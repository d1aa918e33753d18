import { z } from 'zod';

// From Grafana's documentation, "Provision Grafana" and "Configure the Prometheus data source"; keys it does not name fail.

/** A value in which Grafana would look for variables: a dollar sign is written twice, or begins one on purpose. */
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
  datasources: z.array(z.discriminatedUnion('type', [prometheus, alertmanager])).min(1),
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
