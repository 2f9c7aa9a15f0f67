// The user's guide (docs/user-guide), which is the help of the webmail: one text for both.
import type { Language } from '@chappe/kit'
import enReading from '../../../../docs/user-guide/en/reading.md?raw'
import enSettings from '../../../../docs/user-guide/en/settings.md?raw'
import enWriting from '../../../../docs/user-guide/en/writing.md?raw'
import frReading from '../../../../docs/user-guide/fr/reading.md?raw'
import frSettings from '../../../../docs/user-guide/fr/settings.md?raw'
import frWriting from '../../../../docs/user-guide/fr/writing.md?raw'

export const TOPICS = ['reading', 'writing', 'settings'] as const
export type Topic = (typeof TOPICS)[number]

const TEXTS: Record<Language, Record<Topic, string>> = {
  en: { reading: enReading, writing: enWriting, settings: enSettings },
  fr: { reading: frReading, writing: frWriting, settings: frSettings },
}
const FOLDER = '../../../../docs/user-guide/'
const pictures = import.meta.glob('../../../../docs/user-guide/*/*.png', { eager: true, query: '?url', import: 'default' })

export const guide = (language: Language, topic: Topic): string => TEXTS[language][topic]
export const pictureOf = (language: Language, name: string): string | undefined => pictures[`${FOLDER}${language}/${name}`]
