import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { ahead } from './build/ahead'
import { preloads } from './build/preloads'
import { serviceWorker } from './build/worker'
import { compressed } from './kit/build/compressed'
import { usedStyles } from './kit/build/used-styles'

const out = process.env['FRONT_ENDS'] ? join(process.env['FRONT_ENDS'], 'webmail') : 'dist'
const server = { target: process.env['CHAPPE'] ?? 'https://localhost:2443', secure: false }

export default defineConfig({
  base: '/',
  plugins: [react(), usedStyles('src', 'kit/src'), preloads('/src/main.tsx'), serviceWorker('worker/worker.ts'), ahead(), compressed(out)],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rollupOptions: { output: { experimentalMinChunkSize: 3000 } }, // not a request for each icon
  },
  // `npm run dev -w webmail` against a server that runs: CHAPPE=https://localhost:2443
  server: { proxy: { '/jmap': server, '/api': server, '/healthz': server } },
})
