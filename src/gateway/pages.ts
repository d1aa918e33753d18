import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Request, type Response, Router } from 'express';
import { packagePath } from '../package.ts';

/** The addresses of the session explorer. `src/web/main.tsx` maps them to views; assets are below /page. */
export const pagePaths = ['/', '/sessions/:id', '/page/:hash/:name'] as const;

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
};

interface Asset {
  type: string;
  body: Buffer;
  /** Fonts are already compressed. */
  zipped?: Buffer;
}

/** The output folder of `npm run build` for the page. */
const built = packagePath('dist/web');

function read(folder: string): Map<string, Asset> {
  let names: string[] = [];
  try {
    names = readdirSync(folder).filter((name) => Object.hasOwn(types, extensionOf(name)));
  } catch (error) {
    // Without a build there is no page; the response says so.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return new Map(
    names.toSorted().map((name) => {
      const body = readFileSync(`${folder}/${name}`);
      const type = types[extensionOf(name)] ?? '';
      return [name, { type, body, zipped: type.startsWith('text/') ? gzipSync(body) : undefined }];
    }),
  );
}

const extensionOf = (name: string): string => name.split('.').at(-1) ?? '';

/** Serves the session explorer: one document for all of its addresses, and its scripts, styles and fonts. */
export function createPages(folder = built): Router {
  const assets = read(folder);
  const hash = createHash('sha256');
  for (const [name, { body }] of assets) hash.update(name).update(body);
  // Their addresses change with their content, so that a browser may cache them forever.
  const base = `/page/${hash.digest('base64url').slice(0, 12)}`;
  const html = documentOf(base);

  const pages = Router();
  const show = (_request: Request, response: Response) => {
    if (assets.size > 0) return void response.type('html').send(html);
    response.status(503).type('text').send('The page was not built; run npm run build.\n');
  };
  pages.get('/', show);
  pages.get('/sessions/:id', show);
  pages.get(`${base}/:name`, (request, response, next) => {
    const asset = assets.get(String(request.params.name));
    if (!asset) return next();
    const zipped = request.acceptsEncodings('gzip') === 'gzip' ? asset.zipped : undefined;
    response.set({
      'Content-Type': asset.type,
      // Behind a login: cacheable by the browser, but not by a proxy.
      'Cache-Control': 'private, max-age=31536000, immutable',
      Vary: 'Accept-Encoding',
      ...(zipped && { 'Content-Encoding': 'gzip' }),
    });
    response.end(zipped ?? asset.body);
  });
  return pages;
}

const mark =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6.5" fill="#0b6b61"/>' +
      '<path d="M6 10.2v3.6M9 7.8v8.4M12 5.4v13.2M15 8.4v7.2M18 10.8v2.4" stroke="#fff" stroke-width="1.6" stroke-linecap="round"/></svg>',
  );

/** The preload has `crossorigin`, as font requests of stylesheets do: otherwise the font would be loaded twice. */
const documentOf = (base: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Talkgauge</title>
<link rel="icon" href="${mark}">
<link rel="preload" href="${base}/inter-latin-wght-normal.woff2" as="font" type="font/woff2" crossorigin>
<script src="${base}/theme.js"></script>
<link rel="stylesheet" href="${base}/page.css">
<script type="module" src="${base}/main.js"></script>
</head>
<body>
<div id="page"></div>
<noscript>The sessions are summaryResponse by a script. For machines, they are at /api/sessions.</noscript>
</body>
</html>
`;
