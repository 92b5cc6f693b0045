import type { CepDoor } from "./door.ts";

const CHANGED = "com.adobe.csxs.events.ThemeColorChanged";

interface Skin {
  readonly appSkinInfo?: {
    readonly panelBackgroundColor?: { readonly color?: { red?: number; green?: number; blue?: number } };
  };
  readonly appVersion?: string;
  readonly appUILocale?: string;
}

export function environmentOf(door: CepDoor): Skin {
  try {
    return JSON.parse(door.getHostEnvironment()) as Skin;
  } catch {
    return {};
  }
}

/** Dark or light, by how bright Premiere's own panels are. */
function themeOf({ appSkinInfo }: Skin): "dark" | "light" {
  const { red = 0, green = 0, blue = 0 } = appSkinInfo?.panelBackgroundColor?.color ?? {};
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128 ? "light" : "dark";
}

export function followTheme(door: CepDoor, listener: (theme: "dark" | "light") => void): void {
  const tell = (): void => listener(themeOf(environmentOf(door)));
  tell();
  door.addEventListener(CHANGED, tell);
}
