import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { compressed } from '../kit/build/compressed'

const here = fileURLToPath(new URL('.', import.meta.url))
const out = join(process.env['FRONT_ENDS'] ? join(process.env['FRONT_ENDS'], 'webmail') : join(here, '../dist'), 'viewer')

export default defineConfig({
  root: here,
  publicDir: join(here, 'public'),
  plugins: [compressed(out)],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 3000,
    lib: { entry: join(here, 'viewer.ts'), formats: ['iife'], name: 'viewer', fileName: () => 'viewer.js' },
  },
})
