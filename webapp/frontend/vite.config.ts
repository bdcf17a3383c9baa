import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Flask serves webapp/static; `npm run dev` asks a running `terrakin web` for everything that is not the front end.
const flask = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  build: { outDir: '../static', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  worker: { format: 'es' },
  server: { proxy: { '/api': flask, '/tiles': flask, '/health': flask } },
});
