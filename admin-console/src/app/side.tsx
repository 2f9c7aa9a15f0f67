import { Confirm, Foreign, useKitTexts } from '@chappe/kit'
import { Drawer } from '@mantine/core'
import type { QueryKey } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useChange } from './change'
import { Command } from './command'

/** One object of a list, beside it. */
export function Side({ title, size = 'lg', children, onClose }: { title: string; size?: string; children: ReactNode; onClose: () => void }) {
  const kit = useKitTexts()
  return (
    <Drawer opened position="right" size={size} title={<Foreign>{title}</Foreign>} closeButtonProps={{ 'aria-label': kit('close') }} onClose={onClose}>
      {children}
    </Drawer>
  )
}

interface RemoveProps {
  /** The word on the button; with the name, the title. */
  action: string
  name?: string
  lead: string
  command: string
  done: string
  keys: QueryKey[]
  act: () => Promise<unknown>
  onCancel: () => void
  /** It is gone. */
  onRemoved: () => void
}

/** Asks, shows the command, and removes. */
export function Remove({ action, name, lead, command, done, keys, act, onCancel, onRemoved }: RemoveProps) {
  const change = useChange()
  return (
    <Confirm
      title={name === undefined ? action : `${action}: ${name}`}
      action={action}
      onDone={onCancel}
      onAct={async () => {
        await change(act, keys, done)
        onRemoved()
        return 'left'
      }}
    >
      <p>{lead}</p>
      <Command line={command} />
    </Confirm>
  )
}
