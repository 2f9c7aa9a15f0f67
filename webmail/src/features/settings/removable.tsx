import { IconX } from '@chappe/kit/icons'
import { ActionIcon } from '@mantine/core'
import type { ReactNode } from 'react'
import classes from './security/security.module.css'

/** A row of a list with a cross that takes it out; `label` says what is taken out. */
export function Removable({ label, onRemove, children }: { label: string; onRemove: () => void; children: ReactNode }) {
  return (
    <li>
      <div className={classes.what}>{children}</div>
      <ActionIcon variant="subtle" color="gray" onClick={onRemove} aria-label={label}>
        <IconX size={16} />
      </ActionIcon>
    </li>
  )
}
