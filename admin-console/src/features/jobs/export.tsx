import { onDemand } from '@chappe/kit'
import type { Query } from '@chappe/kit'
import { IconDownload } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { useExportTexts } from './texts-export'

const Dialog = onDemand(() => import('./export-dialog').then((m) => ({ default: m.ExportDialog })))
export type ExportList = 'recipients' | 'queue' | 'trace' | 'sessions'

export interface ExportProps {
  list: ExportList
  /** The conditions of the list as it is shown now, by their names in the API. */
  query: Query
}

/** The dialog in which a list becomes a file. */
export function Export({ list, query, onClose }: ExportProps & { onClose: () => void }) {
  return <Dialog list={list} query={query} onClose={onClose} />
}

export function ExportButton({ onClick }: { onClick: () => void }) {
  const say = useExportTexts()
  return (
    <ActionIcon variant="default" size={36} aria-label={say('export')} title={say('export')} onClick={onClick}>
      <IconDownload size={18} />
    </ActionIcon>
  )
}
