"""Networks that read the waveform as it is."""

from __future__ import annotations

from core.networks.catalogue.options import DROPOUT, build_network_options
from core.networks.options import OptionSpec
from core.networks.specs import NetworkSpec

RAW_SPECS = (
    NetworkSpec(
        name="cnn_lstm",
        title="CNN-LSTM",
        family="network",
        description="Convolutions find short patterns, an LSTM reads their sequence.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of the first convolution."),
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of the LSTM's state."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "hidden_size", "dropout"),
        builder="core.networks.cnn_lstm:build_cnn_lstm",
    ),
    NetworkSpec(
        name="lstm",
        title="LSTM",
        family="network",
        description="An LSTM behind one strided convolution, which keeps long windows cheap.",
        options=build_network_options(
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of each LSTM layer's state."),
            OptionSpec("n_layers", "int", 1, 1, 6, help="Number of LSTM layers."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("hidden_size", "n_layers", "dropout"),
        builder="core.networks.lstm:build_lstm",
    ),
    NetworkSpec(
        name="bilstm_attention",
        title="BiLSTM with attention",
        family="network",
        description="A bidirectional LSTM behind strided convolutions; its states look at one another.",
        options=build_network_options(
            OptionSpec("hidden_size", "int", 64, 4, 1024, help="Size of each LSTM layer's state, made even."),
            OptionSpec("n_layers", "int", 1, 1, 6, help="Number of LSTM layers."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("hidden_size", "n_layers", "dropout"),
        builder="core.networks.bilstm_attention:build_bilstm_attention",
    ),
    NetworkSpec(
        name="cnn1d",
        title="1-D CNN",
        family="network",
        description="Plain convolutions: quick, and enough where a short pattern gives the fault away.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of the first convolution."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "dropout"),
        builder="core.networks.cnn1d:build_cnn1d",
    ),
    NetworkSpec(
        name="wdcnn",
        title="WDCNN",
        family="network",
        description="A wide first kernel that works like a filter bank, then short convolutions.",
        options=build_network_options(
            OptionSpec(
                "first_kernel", "int", 64, 3, 4096,
                help="Samples that the first convolution sees; even: one more.",
            ),
            OptionSpec("n_filters", "int", 16, 4, 512, help="Filters of the first convolution."),
            OptionSpec("dense_size", "int", 100, 4, 4096, help="Size of the dense layer."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("first_kernel", "n_filters", "dense_size", "dropout"),
        builder="core.networks.wdcnn:build_wdcnn",
    ),
    NetworkSpec(
        name="resnet1d",
        title="ResNet",
        family="network",
        description="Convolutions with short cuts, which let many layers learn together.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 24, 4, 512, help="Filters of the first stage."),
            OptionSpec("n_blocks", "int", 1, 1, 8, help="Residual blocks in each of the three stages."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "n_blocks", "dropout"),
        builder="core.networks.resnet1d:build_resnet1d",
    ),
    NetworkSpec(
        name="inception_time",
        title="InceptionTime",
        family="network",
        description="Kernels of several lengths side by side: the pattern's length need not be known.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 8, 2, 256, help="Filters of each of a module's four branches."),
            OptionSpec("depth", "int", 3, 1, 12, help="Number of inception modules."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "depth", "dropout"),
        builder="core.networks.inception_time:build_inception_time",
    ),
    NetworkSpec(
        name="tcn",
        title="Temporal convolutional network",
        family="network",
        description="Convolutions that look back twice as far in every level, up to the whole window.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of every convolution."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "dropout"),
        builder="core.networks.tcn:build_tcn",
    ),
    NetworkSpec(
        name="patch_transformer",
        title="Patch transformer",
        family="network",
        description="The window in patches, and attention that relates each patch to all others.",
        options=build_network_options(
            OptionSpec(
                "patch_steps", "int", 8, 1, 256,
                help="Length of a patch in steps of 8 samples; long windows get longer patches.",
            ),
            OptionSpec("size", "int", 64, 8, 1024, help="Numbers per patch, in multiples of four."),
            OptionSpec("depth", "int", 2, 1, 12, help="Number of transformer blocks."),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("patch_steps", "size", "depth", "dropout"),
        builder="core.networks.patch_transformer:build_patch_transformer",
    ),
    NetworkSpec(
        name="physics_constrained",
        title="Physics-constrained CNN",
        family="network",
        description="The 1-D CNN, which must learn to tell the energy at shaft and bearing orders too.",
        options=build_network_options(
            OptionSpec("n_filters", "int", 32, 4, 512, help="Filters of the first convolution."),
            OptionSpec(
                "band_loss", "choice", None, choices=("physical", "random", "none"),
                help="Bands whose energy must be told: those of shaft and bearing, as many at random places "
                "as a control, or none; empty: physical for recordings whose shaft speed is known.",
            ),
            OptionSpec(
                "band_loss_weight", "float", 0.2, 0.0, 100.0,
                help="Weight of the energies beside the classes while training.",
            ),
            DROPOUT,
            epochs=20,
            batch_size=32,
        ),
        own_options=("n_filters", "band_loss", "band_loss_weight", "dropout"),
        builder="core.networks.physics_constrained:build_physics_constrained",
    ),
)  # fmt: skip
