import { ActionIcon, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from '../icons'
import { switchLanguage, useLanguage, type Language } from '../language/language'
import { useKitTexts } from '../language/texts'
import { MenuOnDemand } from './menu'
import { Menu } from './menu-parts'

interface Props {
  /** Of the button, which stands in a bar of the application's own colours. */
  className: string | undefined
}

function LanguageItems({ language }: { language: Language }) {
  return (
    <>
      <Menu.Item lang="en" onClick={() => switchLanguage('en')} fw={language === 'en' ? 600 : 400}>
        English
      </Menu.Item>
      <Menu.Item lang="fr" onClick={() => switchLanguage('fr')} fw={language === 'fr' ? 600 : 400}>
        Français
      </Menu.Item>
    </>
  )
}

function ThemeItems({ now, set }: { now: MantineColorScheme; set: (scheme: MantineColorScheme) => void }) {
  const say = useKitTexts()
  return (['light', 'dark', 'auto'] as const).map((scheme) => (
    <Menu.Item key={scheme} onClick={() => set(scheme)} fw={now === scheme ? 600 : 400}>
      {say(`theme.${scheme}`)}
    </Menu.Item>
  ))
}

/** Both as lines of another menu. */
export function ChoiceItems() {
  const say = useKitTexts()
  const language = useLanguage()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <>
      <Menu.Label>{say('language')}</Menu.Label>
      <LanguageItems language={language} />
      <Menu.Label>{say('theme')}</Menu.Label>
      <ThemeItems now={colorScheme} set={setColorScheme} />
    </>
  )
}

/** English or French, without a reload. */
export function LanguageMenu({ className }: Props) {
  const say = useKitTexts()
  const language = useLanguage()
  return (
    <MenuOnDemand
      position="bottom-end"
      button={
        <ActionIcon variant="transparent" className={className} aria-label={say('language')}>
          <IconLanguage size={19} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        <LanguageItems language={language} />
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}

/** Light, dark, or as the device. */
export function ThemeMenu({ className }: Props) {
  const say = useKitTexts()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const icons = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop }
  const Now = icons[colorScheme]
  return (
    <MenuOnDemand
      position="bottom-end"
      button={
        <ActionIcon variant="transparent" className={className} aria-label={say('theme')}>
          <Now size={19} />
        </ActionIcon>
      }
    >
      <Menu.Dropdown>
        <ThemeItems now={colorScheme} set={setColorScheme} />
      </Menu.Dropdown>
    </MenuOnDemand>
  )
}
