import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compressed } from '../webmail/kit/build/compressed'

const out = process.env['FRONT_ENDS'] ? join(process.env['FRONT_ENDS'], 'admin') : 'dist'

export default defineConfig({
  base: '/admin/',
  plugins: [react(), compressed(out)],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  // `npm run dev -w admin-console` against a server that runs: CHAPPE=https://localhost:2443
  server: { proxy: { '/api': { target: process.env['CHAPPE'] ?? 'https://localhost:2443', secure: false }, '/healthz': { target: process.env['CHAPPE'] ?? 'https://localhost:2443', secure: false } } },
})
