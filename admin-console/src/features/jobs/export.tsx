import type { Query } from '@chappe/kit'
import { IconDownload } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useExportTexts } from './texts-export'

const Dialog = lazy(() => import('./export-dialog').then((m) => ({ default: m.ExportDialog })))
export type ExportList = 'recipients' | 'queue' | 'trace' | 'sessions'

export interface ExportProps {
  list: ExportList
  /** The conditions of the list as it is shown now, by their names in the API. */
  query: Query
}

/** The dialog in which a list becomes a file. */
export function Export({ list, query, onClose }: ExportProps & { onClose: () => void }) {
  return (
    <Suspense>
      <Dialog list={list} query={query} onClose={onClose} />
    </Suspense>
  )
}

export function ExportButton({ onClick }: { onClick: () => void }) {
  const say = useExportTexts()
  return (
    <ActionIcon variant="default" size={36} aria-label={say('export')} title={say('export')} onClick={onClick}>
      <IconDownload size={18} />
    </ActionIcon>
  )
}
