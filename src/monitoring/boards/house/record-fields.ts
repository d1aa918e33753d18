/** Makes fields of what Loki tells of records: these, in this order, of which some are numbers, for Loki has texts only. */
export const recordFields = (names: readonly string[], numbers: readonly string[]) => [
  { id: 'extractFields', options: { source: 'labels', format: 'auto', replace: false } },
  { id: 'filterFieldsByName', options: { include: { names } } },
  {
    id: 'convertFieldType',
    options: {
      fields: {},
      conversions: numbers.map((targetField) => ({ targetField, destinationType: 'number' })),
    },
  },
];

/** Puts fields in this order, under other names, and leaves some out. */
export const arranged = (
  names: readonly string[],
  renamed: Readonly<Record<string, string>>,
  left: Readonly<Record<string, boolean>> = {},
) => ({
  id: 'organize',
  options: {
    excludeByName: left,
    indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
    renameByName: renamed,
  },
});
