// Compresses the built files once, as much as possible, so that the server need not do so at every request (webapp/pages/routes.py).

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const ASSETS = new URL('../../static/assets/', import.meta.url);

for (const name of await readdir(ASSETS)) {
  const built = await readFile(new URL(name, ASSETS));
  await writeFile(new URL(`${name}.br`, ASSETS), brotliCompressSync(built));
  await writeFile(new URL(`${name}.gz`, ASSETS), gzipSync(built, { level: 9 }));
}
