import type { Plugin } from 'vite'
import { CAPABILITIES, folderCalls, folderSpec, pageCalls, requestOf } from '../src/jmap/calls'

/** ahead.json: what the page of a list asks first, for the server to answer with the page (server/jmap/ahead.c). */
export function ahead(): Plugin {
  return {
    name: 'ahead',
    apply: 'build',
    generateBundle() {
      const using = Object.values(CAPABILITIES)
      const callsOf = (calls: object) => (requestOf(using, Object.values(calls)) as { methodCalls: unknown }).methodCalls
      const source = JSON.stringify({ using, folders: callsOf(folderCalls('$account')), page: callsOf(pageCalls('$account', folderSpec('$folder', true), 0, 0)) })
      this.emitFile({ type: 'asset', fileName: 'ahead.json', source })
    },
  }
}
