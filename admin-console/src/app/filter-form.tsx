import { IconSearch } from '@chappe/kit/icons'
import { Button, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import classes from './filter-form.module.css'

export interface FilterField<K extends string> {
  name: K
  label: string
  hint?: string
  choices?: { value: string; label: string }[]
}

interface Props<K extends string> {
  fields: FilterField<K>[]
  values: { [P in K]?: string | undefined }
  action: string
  clear: string
  onChange: (values: { [P in K]?: string | undefined }) => void
}

/** Conditions of a search that the server does: asked for with Enter or the button, choices at once. */
export function FilterForm<K extends string>(p: Props<K>) {
  const given = JSON.stringify(p.fields.map((f) => p.values[f.name] ?? ''))
  return <Fields key={given} {...p} />
}

function Fields<K extends string>({ fields, values, action, clear, onChange }: Props<K>) {
  const [draft, setDraft] = useState(values)
  const filled = fields.some((f) => draft[f.name])
  const cleaned = (change: Partial<typeof draft> = {}) => {
    const all = { ...draft, ...change }
    return Object.fromEntries(fields.map((f) => [f.name, all[f.name]?.trim() || undefined])) as typeof draft
  }
  return (
    <form
      className={classes.form}
      role="search"
      onSubmit={(e) => {
        e.preventDefault()
        onChange(cleaned())
      }}
    >
      {fields.map((f) =>
        f.choices ? (
          <Select key={f.name} size="sm" label={f.label} clearable searchable={f.choices.length > 8} data={f.choices} value={draft[f.name] ?? null} onChange={(value) => onChange(cleaned({ [f.name]: value ?? undefined } as Partial<typeof draft>))} />
        ) : (
          <TextInput key={f.name} label={f.label} placeholder={f.hint ?? ''} spellCheck={false} value={draft[f.name] ?? ''} onChange={(e) => setDraft({ ...draft, [f.name]: e.currentTarget.value })} />
        ),
      )}
      <div className={classes.buttons}>
        <Button type="submit" leftSection={<IconSearch size={16} />}>
          {action}
        </Button>
        {filled && (
          <Button variant="default" onClick={() => onChange(Object.fromEntries(fields.map((f) => [f.name, undefined])) as typeof draft)}>
            {clear}
          </Button>
        )}
      </div>
    </form>
  )
}
