import type { Plugin } from 'vite'

type Chunk = { type: string; fileName: string; modules?: object; imports?: string[]; viteMetadata?: { importedCss: Set<string> } }

/** Names in the page what the first list needs, so that the browser fetches all of it at once rather than as one script names the next. */
export function preloads(...sources: string[]): Plugin {
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
        for (const source of sources) {
          const found = all.find((c) => Object.keys(c.modules ?? {}).some((name) => name.endsWith(source)))
          if (!found) throw new Error(`${source} is no chunk of its own`)
          add(found.fileName)
        }
        const styles = new Set([...wanted].flatMap((name) => [...((bundle[name] as Chunk).viteMetadata?.importedCss ?? [])]))
        return [
          ...[...styles].map((name) => ({ tag: 'link', injectTo: 'head' as const, attrs: { rel: 'stylesheet', crossorigin: true, href: `/${name}` } })),
          ...[...wanted].filter((name) => !(bundle[name] as { isEntry?: boolean }).isEntry).map((name) => ({ tag: 'link', injectTo: 'head' as const, attrs: { rel: 'modulepreload', crossorigin: true, href: `/${name}` } })),
        ]
      },
    },
  }
}
