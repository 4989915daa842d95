import "./theme.js";
import "./navigation.js";
import "./forms.js";
import "./dialog.js";
import "./toast.js";
import "./shortcuts.js";
import "./localtime.js";
import "./live.js";
