import { Foreign, wordOf } from '@chappe/kit'
import { Text, TextInput } from '@mantine/core'
import { Fragment } from 'react'
import type { Report } from './data'
import classes from './directories.module.css'
import { useTexts } from './texts'

type Templates = Record<string, string>

/** What a user of the samples has in that field. */
function exampleOf(report: Report | null, field: string): string {
  for (const s of report?.samples ?? []) {
    const seen: Record<string, unknown> = { name: s.name, mail: s.addresses[0], aliases: s.addresses.slice(1).join(', '), account: s.account, principal: s.principal, ...s.person }
    const value = seen[field]
    if (s.kind === 'user' && typeof value === 'string' && value !== '') return value
  }
  return ''
}

/** One template a field, beside the usual one and what it makes of a real entry. */
export function MappingEditor({ standard, own, onChange, report }: { standard: Templates; own: Templates; onChange: (own: Templates) => void; report: Report | null }) {
  const say = useTexts()
  const fields = [...new Set([...Object.keys(standard), ...Object.keys(own)])]
  const put = (field: string, template: string) => {
    const rest = Object.fromEntries(Object.entries(own).filter(([name]) => name !== field))
    onChange(template.trim() === '' ? rest : { ...rest, [field]: template })
  }
  return (
    <>
      <Text size="sm" c="dimmed" mb="sm">
        {say('mappingLead')}
      </Text>
      <div className={classes.mapping}>
        {(['field', 'template', 'example'] as const).map((h) => (
          <span key={h} className={classes.head}>
            {say(h)}
          </span>
        ))}
        {fields.map((field) => (
          <Fragment key={field}>
            <label htmlFor={`map-${field}`}>{wordOf(say, 'map', field)}</label>
            <TextInput id={`map-${field}`} size="xs" spellCheck={false} placeholder={standard[field] ?? ''} value={own[field] ?? ''} onChange={(e) => put(field, e.currentTarget.value)} />
            <small>
              <Foreign>{exampleOf(report, field)}</Foreign>
            </small>
          </Fragment>
        ))}
      </div>
    </>
  )
}
