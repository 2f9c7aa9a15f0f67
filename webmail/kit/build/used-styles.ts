// Mantine's style sheet is that of all its components; a page gets the rules of those that its sources name, and of what these are made of.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'vite'

const NAMED = /import\s*(?:type\s*)?\{([^}]*)\}\s*from\s*['"]@mantine\/core['"]/g
const CLASS = /\.(m_[0-9a-f]+)/g

const words = (list: string) => list.split(',').map((word) => word.trim().replace(/^type\s+/, ''))
const namesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(NAMED)].flatMap((found) => words(found[1] ?? '')))
    .map((word) => word.replace(/\s+as\s.*/s, ''))

/** The files of Mantine from which those come that have these names, with all that they import of it. */
function filesOf(root: string, names: ReadonlySet<string>): string[] {
  const imports = (file: string) => [...readFileSync(file, 'utf8').matchAll(/(?:import|export)\s*(?:\{([^}]*)\}|[\w$]+)\s*from\s*"(\.[^"]+)"/g)].map((found) => ({ names: words(found[1] ?? '').map((w) => w.replace(/^.*\sas\s+/s, '')), file: join(dirname(file), found[2] ?? '') }))
  const reached = new Set(imports(join(root, 'index.mjs')).filter((i) => i.names.some((name) => names.has(name))).map((i) => i.file))
  for (const file of reached) imports(file).forEach((i) => reached.add(i.file))
  return [...reached]
}

/** The brace that ends the block which begins at `open`. */
function endOf(css: string, open: number): number {
  let depth = 1
  for (let i = open + 1; i < css.length; i++) {
    const c = css[i]
    if (c === '"' || c === "'") i = css.indexOf(c, i + 1)
    else if (c === '{') depth++
    else if (c === '}' && --depth === 0) return i
  }
  return css.length
}

/** Without the rules all of whose classes of Mantine are not `used`. No comments stand in it. */
export function usedRules(css: string, used: ReadonlySet<string>): string {
  let out = ''
  for (let at = 0; at < css.length; ) {
    const open = css.indexOf('{', at)
    if (open < 0) return out + css.slice(at)
    const end = endOf(css, open)
    const head = css.slice(at, open)
    const body = css.slice(open + 1, end)
    const classes = [...head.matchAll(CLASS)].map((found) => found[1] ?? '')
    if (/^\s*@(?:media|supports|container|layer)/.test(head)) out += `${head}{${usedRules(body, used)}}`
    else if (classes.length === 0 || classes.some((name) => used.has(name))) out += `${head}{${body}}`
    at = end + 1
  }
  return out
}

/** `sources`: folders whose files import what is used. */
export function usedStyles(...sources: string[]): Plugin {
  return {
    name: 'used-styles',
    apply: 'build',
    enforce: 'pre',
    transform(code, id) {
      const root = /^(.*\/@mantine\/core)\/styles\.css/.exec(id)?.[1]
      if (!root) return null
      const files = filesOf(join(root, 'esm'), new Set([...sources, join(root, '../notifications/esm')].flatMap(namesIn)))
      const used = new Set(files.filter((f) => f.endsWith('.module.mjs')).flatMap((f) => readFileSync(f, 'utf8').match(/\bm_[0-9a-f]+\b/g) ?? []))
      return usedRules(code.replace(/\/\*.*?\*\//gs, ''), used)
    },
  }
}
