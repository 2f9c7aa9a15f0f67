import { CopyLine } from '@chappe/kit'
import { Text } from '@mantine/core'
import classes from './command.module.css'
import { useAppTexts } from './texts'

export type Option = string | number | boolean | string[] | null | undefined

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** `chappe user add ada@example.org --name 'Ada Lovelace'`: options that are false or absent are left out; … stands for what
 * is not filled in yet. */
export function commandLine(words: (string | undefined)[], options: Record<string, Option> = {}): string {
  const line = ['chappe', ...words.filter((w): w is string => w !== undefined).map((w) => (w === '' ? '…' : w.startsWith('@') ? `…${w}` : quoted(w)))]
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0)) continue
    line.push(`--${name}`)
    if (value !== true) line.push(value === '' ? (name === 'name' ? '…' : "''") : quoted(Array.isArray(value) ? value.join(',') : String(value)))
  }
  return line.join(' ')
}

/** What an administrator would type for what the form is about to do. Several lines for several commands. */
export function Command({ line }: { line: string | string[] }) {
  const say = useAppTexts()
  const lines = Array.isArray(line) ? line : [line]
  return (
    <div className={classes.command}>
      <Text size="xs" c="dimmed" mb={3}>
        {say('command')}
      </Text>
      <CopyLine text={lines.join('\n')} label={say('command')} wrap />
    </div>
  )
}
