import { defineConfig } from 'vitest/config';

// Flask serves webapp/static; `npm run dev` asks a running `terrakin web` for everything that is not the front end.
const flask = 'http://127.0.0.1:8000';

export default defineConfig({
  base: './', // the page may be served below a path prefix
  // The page is written for Preact. Only downshift imports React: it gets Preact's compatibility layer.
  resolve: { alias: { react: 'preact/compat' } },
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules.maplibre-gl/ }] } } },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': flask, '/tiles': flask, '/health': flask } },
  test: { include: ['src/**/*.test.ts'], isolate: false },
});
