import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { transformWithEsbuild, type Plugin } from 'vite'

/** worker.js at the root: the service worker, with the names of this build's files. */
export function serviceWorker(source: string): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    enforce: 'post',
    async generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/') && !name.endsWith('.png')).sort().map((name) => `/${name}`)
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12)
      const { code } = await transformWithEsbuild(readFileSync(source, 'utf8'), source, { loader: 'ts', minify: true, define: { FILES: JSON.stringify(files), VERSION: JSON.stringify(version) } })
      this.emitFile({ type: 'asset', fileName: 'worker.js', source: code })
    },
  }
}
