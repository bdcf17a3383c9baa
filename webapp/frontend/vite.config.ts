import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Flask serves webapp/static; `npm run dev` asks a running `terrakin web` for everything that is not the front end.
const flask = 'http://127.0.0.1:8000';

// Preact's compat runs what is written for React in a tenth of its size, which keeps all scripts under 600 kB.
const alias = {
  'react/jsx-runtime': 'preact/jsx-runtime',
  'react/jsx-dev-runtime': 'preact/jsx-dev-runtime',
  'react-dom/client': 'preact/compat/client',
  'react-dom': 'preact/compat',
  react: 'preact/compat',
};

export default defineConfig({
  plugins: [react()],
  resolve: { alias },
  build: {
    outDir: '../static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules.maplibre-gl/ }] } } },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': flask, '/tiles': flask, '/health': flask } },
});
