import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** FILE.gz and FILE.br beside each file of text below `out`, which the server sends to whoever takes them. */
export function compressed(out: string): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath ?? entry.path, entry.name)
        if (!entry.isFile() || !/\.(js|css|html|svg|json|webmanifest)$/.test(file)) continue
        const bytes = readFileSync(file)
        if (bytes.length < 512) continue
        writeFileSync(file + '.gz', gzipSync(bytes, { level: 9 }))
        writeFileSync(file + '.br', brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
      }
    },
  }
}
