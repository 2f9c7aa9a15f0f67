declare module '*.md?raw' {
  const text: string
  export default text
}
interface ImportMeta {
  /** Of Vite: the files that a pattern names, at the time of the build. */
  glob(pattern: string, options: { eager: true; query: '?url'; import: 'default' }): Record<string, string>
}
