import type { KeyboardEvent } from 'react'
import { IconGripVertical } from '../icons'
import classes from './table.module.css'

const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 }

/** What a row is moved by: dragged with a pointer, or a step at a time with the arrow keys. */
export function MoveHandle({ label, onStep, onDrag }: { label: string; onStep: (step: number) => void; onDrag: (begins: boolean) => void }) {
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    event.stopPropagation()
    if (step === undefined) return
    event.preventDefault()
    onStep(step)
  }
  return (
    <button
      type="button"
      className={classes.handle}
      aria-label={label}
      draggable
      onClick={(e) => e.stopPropagation()}
      onKeyDown={onKey}
      onDragStart={(e) => {
        e.dataTransfer.effectAllowed = 'move'
        e.dataTransfer.setData('text/plain', label)
        onDrag(true)
      }}
      onDragEnd={() => onDrag(false)}
    >
      <IconGripVertical size={16} aria-hidden />
    </button>
  )
}
