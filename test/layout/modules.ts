import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

interface Import {
  /** The path from the source root for a module of this project, else a package or `node:` module. */
  target: string;
  own: boolean;
  /** Whether only types are imported, so that nothing is loaded. */
  typesOnly: boolean;
}

/** The facts about a source file that the layout rules use. */
export interface Module {
  /** Path from the source root, e.g. `record/recorder.ts`. */
  path: string;
  lines: number;
  imports: Import[];
  hasDefaultExport: boolean;
  /** The source without its comments. */
  code: string;
  /** Names and texts in its code that end in `Ms`, for milliseconds. */
  millisecondNames: string[];
}

/** @throws Error if the source is not valid TypeScript */
export function parseModule(path: string, source: string): Module {
  const { module, program, comments, errors } = parseSync(path, source);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const imports: Import[] = [];
  const add = (specifier: string, typesOnly: boolean) => {
    const own = specifier.startsWith('.');
    const target = own ? posix.join(posix.dirname(path), specifier) : specifier;
    imports.push({ target, own, typesOnly });
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType));
  }
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  for (const { moduleRequest, isType } of exported) if (moduleRequest) add(moduleRequest.value, isType);
  const millisecondNames = new Set<string>();
  const note = (name: unknown) => {
    if (typeof name === 'string' && name.endsWith('Ms')) millisecondNames.add(name);
  };
  new Visitor({
    Identifier: ({ name }) => note(name),
    PrivateIdentifier: ({ name }) => note(name),
    Literal: ({ value }) => note(value),
    ImportExpression({ source: specifier }) {
      if (specifier.type === 'Literal') add(String(specifier.value), false);
    },
    TSImportType({ source: specifier }) {
      add(String(specifier.value), true);
    },
  }).visit(program);
  let code = '';
  let end = 0;
  for (const comment of comments) {
    code += source.slice(end, comment.start);
    end = comment.end;
  }
  code += source.slice(end);
  return {
    path,
    code,
    lines: source.split('\n').length - (source.endsWith('\n') ? 1 : 0),
    imports,
    hasDefaultExport: exported.some(
      ({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default',
    ),
    millisecondNames: [...millisecondNames],
  };
}
