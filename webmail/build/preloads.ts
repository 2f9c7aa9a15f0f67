import type { Plugin } from 'vite'

type Chunk = { type: string; isEntry?: boolean; fileName: string; modules?: object; imports?: string[]; viteMetadata?: { importedCss: Set<string> } }

/**
 * Names in the page what the first list needs: what `source` is loaded with, so that the browser fetches all of it at once rather than as one script names the next. All of it
 * stands there as `later`, for the first script to say when (src/start.ts): a browser has few connections to one server, and the mail itself comes first.
 */
export function preloads(source: string): Plugin {
  return {
    name: 'preloads',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_, { bundle }) {
        if (!bundle) return []
        const all = Object.values(bundle) as Chunk[]
        const wanted = new Set<string>()
        const add = (fileName: string) => {
          const chunk = bundle[fileName] as Chunk | undefined
          if (chunk?.type !== 'chunk' || wanted.has(fileName)) return
          wanted.add(fileName)
          chunk.imports?.forEach(add)
        }
        const found = all.find((c) => Object.keys(c.modules ?? {}).some((name) => name.endsWith(source)))
        if (!found) throw new Error(`${source} is no chunk of its own`)
        add(found.fileName)
        const rest = [...wanted].filter((name) => !(bundle[name] as Chunk).isEntry)
        const styles = new Set(rest.flatMap((name) => [...((bundle[name] as Chunk).viteMetadata?.importedCss ?? [])]))
        const later = (as: string) => (name: string) => ({ tag: 'link', injectTo: 'head' as const, attrs: { rel: 'later', as, crossorigin: true, href: `/${name}` } })
        return [...[...styles].map(later('style')), ...rest.map(later('script'))]
      },
    },
  }
}
